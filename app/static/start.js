import { initAll } from './frontend.js'
initAll()
