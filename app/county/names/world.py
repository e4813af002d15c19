"""Forenames, surnames and spellings of communities that came to England and Wales, common first.

Transliteration tables hold spellings of one name that different registers give to the same person.
"""

from app.county.names.lists import listed

POLISH_WOMEN = listed("""
Anna Katarzyna Agnieszka Małgorzata Joanna Magdalena Monika Aleksandra Ewa Karolina Justyna Natalia
Paulina Beata Dorota Sylwia Izabela Marta Iwona Patrycja Weronika Kinga Żaneta
""")
POLISH_MEN = listed("""
Piotr Krzysztof Tomasz Paweł Marcin Michał Łukasz Marek Grzegorz Mateusz Adam Jakub Kamil Rafał
Dariusz Wojciech Bartosz Sławomir Przemysław Radosław Mariusz
""")
POLISH_GIRLS = listed("""
Zuzanna Zofia Julia Maja Lena Hanna Oliwia Alicja Pola Laura Emilia Nikola Amelia Gabriela Oliwia
Maria
""")
POLISH_BOYS = listed("""
Antoni Jakub Jan Szymon Aleksander Franciszek Filip Mikołaj Wojciech Kacper Adam Oskar Igor Leon
Stanisław
""")
POLISH_STEMS = listed("""
Kowal Lewandow Wiśniew Wójcik Kamiń Zieliń Szymań Dąbrow Kozłow Jankow Mazur Kwiatkow Krawczyk
Piotrow Grabow Nowakow Pawłow Michal Nowicki Adam Duda Zając Wieczor Jabłoń Król Majew Olszew Jawor
Malinow Wróbel Witkow Rutkow Sikor Walczak Baran Górski Szewczyk Ostrow Tomaszew Pietrzak Marciniak
Zalew Jasiń Zawadz Sadow Bąk Chmiel Borkow Czarnec Urbań Sobczak Kubiak Kucharski Wilk Mróz Lis
Mazurek Kaczmarek Sokołow Gajew Przybyl Domań Laskow Cieślak
""")
SIKH_WOMEN = listed("""
Gurpreet Harpreet Manpreet Jaspreet Amandeep Sandeep Kiran Rajinder Simran Navdeep Jasmin Parminder
""")
SIKH_MEN = listed("""
Gurpreet Harpreet Manjit Jaspal Amandeep Sandeep Kulwinder Rajinder Sukhdeep Navdeep Balraj
Parminder
""")
SIKH_GIRLS = listed("""
Simran Jasleen Avneet Harleen Ria Kirat Amrit Mehar Anaya Sehaj Gurleen Ishleen
""")
SIKH_BOYS = listed("""
Arjan Fateh Jasraj Harman Veer Angad Ekam Karam Nihal Zorawar Gurbaaz Ajeet
""")
SIKH_SURNAMES = listed("""
Singh Sidhu Gill Sandhu Dhillon Grewal Bains Dhaliwal Sahota Johal Bhogal Virdee Chahal Mann Atwal
Purewal
""")
HINDU_WOMEN = listed("""
Priya Anjali Pooja Neha Kavita Sunita Deepa Meena Rekha Nisha Shreya Swati Divya Lakshmi Hetal
Bhavna
""")
HINDU_MEN = listed("""
Rahul Amit Raj Sanjay Vijay Anil Suresh Nikhil Rohan Ashok Karthik Venkatesh Hitesh Jignesh Manoj
Deepak
""")
HINDU_GIRLS = listed("""
Aanya Diya Anika Saanvi Myra Ishani Aarohi Kiara Navya Tara Riya Avni Aadhya Meera Pari
""")
HINDU_BOYS = listed("""
Aarav Vivaan Reyansh Vihaan Arjun Krish Dhruv Ishaan Kabir Ayaan Rudra Advik Shaurya Dev Neel
""")
HINDU_SURNAMES = listed("""
Patel Shah Sharma Kumar Gupta Desai Mehta Joshi Reddy Nair Iyer Rao Pillai Chauhan Mistry Thakur
Agarwal Kapoor Verma Mishra Krishnan Menon Parmar Solanki Bhatt Trivedi Banerjee Chatterjee Das
Ghosh
""")
MUSLIM_WOMEN = listed("""
Fatima Aisha Nasreen Shabana Rukhsana Samina Saima Sadia Nazia Zainab Khadija Maryam Farzana Amina
Shazia Tahira Rubina Sumaiya Halima Bushra Uzma Hafsa Iqra Noreen
""")
MUSLIM_MEN = listed("""
Mohammed Ahmed Imran Tariq Abdul Asif Faisal Kamran Bilal Usman Zahid Shahid Nadeem Rashid Yasir
Hamza Omar Ibrahim Khalid Waqas Adnan Junaid Shafiq Rafiq Jamal
""")
MUSLIM_GIRLS = listed("""
Aisha Maryam Fatima Zara Aaliyah Hafsa Zainab Amina Inaya Khadija Safa Hana Eshaal Anaya Ayesha Noor
Zoya Alina Sumayyah Haleema
""")
MUSLIM_BOYS = listed("""
Muhammad Mohammed Yusuf Ibrahim Musa Ali Ahmed Omar Hamza Zayn Eesa Ismail Adam Zakariya Bilal
Haroon Rayyan Idris Abdullah Ayaan
""")
PAKISTANI_SURNAMES = listed("""
Khan Hussain Ahmed Ali Mahmood Iqbal Akhtar Malik Shah Mirza Butt Chaudhry Rehman Aslam Qureshi Raja
Javed Bashir Ashraf Rafiq Saleem Sheikh Siddiqui Hashmi Naqvi Bukhari Nawaz Riaz Younis Zaman
""")
BENGALI_SURNAMES = listed("""
Miah Uddin Islam Rahman Hussain Ahmed Ali Choudhury Hoque Karim Islam Alam Sarkar Talukdar Hasan
Kabir
""")
MUSLIM_WOMENS_LAST = listed("Begum Bibi Khatun Akhtar Parveen Kausar Sultana Khanam Nessa Jan")
ARABIC_WOMEN = listed("""
Fatimah Mariam Layla Noor Huda Rania Samira Salma Yasmin Amal Dalia Rasha Hanan Zahra Iman Nadia
""")
ARABIC_MEN = listed("""
Muhammad Ahmad Ali Hassan Hussein Omar Khaled Mustafa Mahmoud Youssef Ibrahim Karim Samir Tarek
Walid Ziad
""")
ARABIC_GIRLS = listed("""
Maryam Layla Noor Jana Lina Salma Yasmin Talia Sara Malak Hala Dana Zeina Aya
""")
ARABIC_BOYS = listed("""
Muhammad Adam Yousef Omar Ali Ahmad Ibrahim Zain Hassan Kareem Elias Taim Anas Hamza
""")
ARABIC_SURNAMES = listed("""
al-Hassan al-Masri Haddad Khalil Mansour Saleh al-Rashid Nasser Hamdan Darwish al-Najjar Ibrahim
Saeed Othman bin_Said Abbas al-Khatib Barakat Zaidan Qasim Sabbagh al-Ahmad Jaber Fares Shaheen
el-Sayed Abdelrahman Bakri
""")
SOMALI_WOMEN = listed("""
Hodan Fadumo Sahra Amina Ayan Khadra Ifrah Nimco Hamdi Sagal Deqa Asha Hibo Ubah Zamzam Filsan
""")
SOMALI_MEN = listed("""
Abdi Mohamed Ahmed Hassan Ali Ibrahim Yusuf Omar Farah Warsame Ismail Jama Abdullahi Osman Abshir
Guled Liban Mahad Nuur Duale Hersi Roble Samatar Dirie
""")
SOMALI_GIRLS = listed("""
Sumaya Hafsa Ayaan Hanan Ikran Maryan Sabirin Idil Ilhan Najma Rahma Salma Amal Fatuma
""")
SOMALI_BOYS = listed("""
Mohamed Abdirahman Zakariya Ayub Bilal Hamza Yahya Idris Ilyas Suhayb Mustafe Abdullahi Khalid Anwar
""")
PORTUGUESE_WOMEN = listed("""
Maria Ana Joana Catarina Sofia Inês Patrícia Sandra Carla Cristina Mónica Filipa Vânia Conceição
""")
PORTUGUESE_MEN = listed("""
João José António Pedro Paulo Rui Nuno Carlos Luís Tiago Hugo Ricardo Sérgio Francisco Bruno
""")
PORTUGUESE_GIRLS = listed("""
Maria Leonor Matilde Beatriz Carolina Mariana Inês Lara Clara Íris Alice Benedita
""")
PORTUGUESE_BOYS = listed("""
Francisco João Duarte Tomás Afonso Santiago Rodrigo Lourenço Gabriel Miguel Vicente Simão
""")
PORTUGUESE_SURNAMES = listed("""
Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins Jesus Sousa Fernandes Gonçalves Gomes
Lopes Marques Alves Almeida Ribeiro Pinto Carvalho Teixeira Moreira Correia Mendes Nunes Soares
Vieira Monteiro Cardoso Rocha Neves Coelho Cruz Cunha Pires Ramos Reis Simões Antunes Matos Fonseca
Magalhães
""")
NIGERIAN_WOMEN = listed("""
Olufunke Temitope Folasade Chioma Ngozi Adaeze Blessing Grace Oluwaseun Yetunde Ifeoma Nkechi
Abimbola Titilayo Amaka Bukola Efe Halima
""")
NIGERIAN_MEN = listed("""
Oluwaseun Chukwuemeka Adebayo Oluwatobi Emmanuel Babatunde Chinedu Ikechukwu Olumide Tunde Kelechi
Obinna Samuel Femi Ayodele Ibrahim
""")
NIGERIAN_GIRLS = listed("""
Ire Zoe Adaora Temi Esther Toluwani Chimamanda Oluwadarasimi Kamsi Ayomide Sophia Ewa Simisola
Nmesoma
""")
NIGERIAN_BOYS = listed("""
David Ayomide Daniel Kamsiyochukwu Oluwadamilola Jayden Ifeanyi Tomiwa Michael Tobiloba Kosi Eniola
Joshua
""")
NIGERIAN_SURNAMES = listed("""
Okafor Adeyemi Okonkwo Adebayo Eze Ogunleye Nwosu Balogun Okeke Afolabi Obi Adewale Chukwu Ibe
Oyelaran Ogundipe Nnamdi Abiodun Akinyemi Ojo Okoye Lawal Bello Uche Onyeka Ekwueme Fashola Oladipo
Akande Mensah Owusu Boateng Asante
""")
CHINESE_WOMEN = listed("Mei Xiaoyan Li Jing Ying Yan Hui Wenjing Siu Ka-Yan Wing-Yan Fang Xin Lan")
CHINESE_MEN = listed("Wei Jun Ming Hao Lei Tao Chi-Keung Ka-Ming Jian Bo Feng Yong Kai Zhiwei")
CHINESE_GIRLS = listed("Emily Yuxi Chloe Xinyi Sophie Hei-Yin Zoey Kelly Yutong Alice")
CHINESE_BOYS = listed("Lucas Haoran Ethan Yichen Tsz-Hin Ryan Muchen Jason Zimo Leo")
CHINESE_SURNAMES = listed("""
Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Lin Chan Wong Cheung Lau Leung Ng Ho Lam Kwok
Tsang Yip
""")
ROMANIAN_WOMEN = listed("""
Maria Elena Ioana Andreea Mihaela Cristina Alexandra Gabriela Daniela Ana Raluca Simona Roxana
Florentina
""")
ROMANIAN_MEN = listed("""
Andrei Alexandru Ion Mihai Ştefan Cristian Gheorghe Florin Adrian Bogdan Marian Vasile Ionuţ
Constantin
""")
ROMANIAN_GIRLS = listed("""
Sofia Maria Ioana Eva Daria Antonia Ilinca Anastasia Rebeca Bianca Amalia Ana
""")
ROMANIAN_BOYS = listed("""
David Andrei Matei Luca Ştefan Gabriel Alexandru Darius Robert Rareş Eric Ianis
""")
ROMANIAN_SURNAMES = listed("""
Popescu Ionescu Popa Radu Dumitru Stan Stoica Gheorghe Matei Ciobanu Rusu Munteanu Constantin Marin
Lazăr Florea Dobre Moldovan Ştefănescu Dinu Barbu Sandu Toma Oprea Nistor Cristea Lungu Cojocaru
Vasilescu Dragomir Covaci Lăcătuş
""")
SPELLINGS = {
    "Mohammed": ("Muhammad", "Mohamed", "Mohammad", "Muhammed"),
    "Muhammad": ("Mohammed", "Mohammad", "Mohamed", "Muhammed"),
    "Mohamed": ("Mohammed", "Muhammad", "Maxamed"), "Ahmed": ("Ahmad", "Axmed", "Ahmet"),
    "Ahmad": ("Ahmed", "Ahmat"), "Yusuf": ("Yousef", "Yusuff", "Youssef"),
    "Yousef": ("Yusuf", "Youssef"), "Youssef": ("Yusuf", "Yousef"), "Ibrahim": ("Ebrahim", "Ibraheem"),
    "Hussein": ("Hussain", "Husein"), "Hassan": ("Hasan", "Xasan"), "Omar": ("Umar", "Omer"),
    "Khaled": ("Khalid",), "Khalid": ("Khaled",), "Usman": ("Osman", "Uthman"),
    "Osman": ("Usman", "Cusmaan"), "Aisha": ("Ayesha", "Aysha", "Aishah"), "Ayesha": ("Aisha", "Aysha"),
    "Fatima": ("Fatimah", "Fathima"), "Fatimah": ("Fatima",), "Fadumo": ("Faduma", "Fatuma"),
    "Maryam": ("Mariam", "Meryem"), "Mariam": ("Maryam",), "Zainab": ("Zaynab", "Zeinab"),
    "Khadija": ("Khadijah", "Qadijah"), "Layla": ("Leila", "Laila"), "Noor": ("Nur", "Nour"),
    "Yasmin": ("Jasmine", "Yasmeen"), "Zayn": ("Zain", "Zayne"), "Zain": ("Zayn",), "Hamza": ("Hamzah",),
    "Eesa": ("Isa", "Essa"), "Musa": ("Moosa", "Mousa"), "Bilal": ("Bilaal", "Belal"),
    "Abdirahman": ("Abdurahman", "Cabdiraxmaan"), "Abdullahi": ("Abdulahi", "Cabdullaahi"),
    "Abdi": ("Cabdi",), "Haroon": ("Harun", "Haaroon"), "Idris": ("Idrees",), "Siân": ("Sian",),
    "Siôn": ("Sion", "Shaun"), "Llŷr": ("Llyr",), "Seán": ("Sean", "Shaun"),
    "Siobhán": ("Siobhan", "Shivaun"), "Oisín": ("Oisin", "Osheen"), "Róisín": ("Roisin",),
    "Anaya": ("Anaiya", "Inaya"), "Inaya": ("Inaaya",), "Aaliyah": ("Aliyah",), "Catrin": ("Catherine",),
    "Ieuan": ("Ioan", "Iuean"), "Sophia": ("Sofia",), "Sofia": ("Sophia",), "Zara": ("Zahra",),
    "Chloe": ("Chloë",), "Zoe": ("Zoë",), "Kacper": ("Kasper",), "Wojciech": ("Wojtek",),
    "Jakub": ("Jacob",), "Zofia": ("Sofia",), "Szymon": ("Simon",), "Katarzyna": ("Catherine",),
    "Małgorzata": ("Margaret",), "Xiaoyan": ("Hsiao-yen",), "Jayden": ("Jaydon",),
}  # fmt: skip
